export * from './calendar-token.entity.js';
export * from './leave-locks.js';
export * from './leave-period.js';
export * from './leave-request.entity.js';
export { mayRead as mayReadLeave } from './leave-request.policy.js';
export * from './leave.module.js';
export * from './working-days.js';
