export * from './action-code.entity.js';
export * from './history.writer.js';
export * from './timesheet-entry.entity.js';
export * from './timesheet-history-seal.entity.js';
export * from './timesheet-history.entity.js';
export * from './timesheet-locks.js';
export * from './timesheet.entity.js';
export * from './timesheets.module.js';
