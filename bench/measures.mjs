import batch from './batch.mjs';
import create from './create.mjs';
import list from './list.mjs';
import pages from './pages.mjs';
import peers from './peers/main.mjs';
import purge from './purge.mjs';
import report from './report.mjs';
import sealing from './sealing.mjs';
import signIns from './sign-ins.mjs';
import start from './start.mjs';

export { peers };

/** In the order in which they run and are reported. */
export const measures = [list, create, batch, pages, report, signIns, start, purge, sealing];
