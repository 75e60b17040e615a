import { makeCounterProvider } from '@willsoto/nestjs-prometheus';
import { stdoutLines } from '#core';

export const logMetrics = [
  makeCounterProvider({
    name: 'log_lines_lost_total',
    help: 'Lines of the log that stdout of this replica did not take: its disk is full, or nobody reads it',
    collect() {
      this.reset();
      this.inc(stdoutLines.lost);
    },
  }),
];
