export * from './gdpr.module.js';
