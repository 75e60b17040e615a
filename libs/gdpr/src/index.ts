export * from './erasure.entity.js';
export * from './gdpr.module.js';
export * from './legal-hold.entity.js';
export * from './purge-run.entity.js';
