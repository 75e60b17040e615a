export * from './data-map.js';
export * from './erasure.entity.js';
export * from './erasures-file.js';
export * from './erasures-ledger.js';
export * from './erasures-replay.js';
export * from './gdpr.module.js';
export * from './legal-hold.entity.js';
export * from './purge-run.entity.js';
