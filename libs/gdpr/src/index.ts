export * from './erasure/erasure.entity.js';
export * from './erasure/erasures-file.js';
export * from './erasure/erasures-ledger.js';
export * from './erasure/erasures-replay.js';
export * from './gdpr.module.js';
export * from './legal-holds/legal-hold.entity.js';
export * from './personal-data/data-map.js';
export * from './retention/purge-run.entity.js';
