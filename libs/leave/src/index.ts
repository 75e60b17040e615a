export * from './leave-request.entity.js';
export * from './leave.module.js';
