import { requestScope } from '#core';
import { workOut } from './holiday-years.js';
import type { Holiday } from './holiday-years.js';

const KEPT_AT_MOST = 1000;

/** A year of a calendar, the one that was asked for longest ago first. */
const kept = new Map<string, readonly Holiday[]>();
/** The last of what each company waits for. */
const lines = new Map<string | undefined, Promise<unknown>>();

/**
 * The public holidays of a calendar that are kept in a year, by day; none without a calendar. To work them out takes up to 100 ms (Hong
 * Kong), so others run meanwhile, and a company works one year out at a time: whoever asks for ever other years waits for themselves.
 */
export async function holidaysOf(code: string | null, year: number): Promise<readonly Holiday[]> {
  if (code === null) return [];
  const key = `${code} ${year}`;
  return keptUnder(key) ?? inLine(async () => keptUnder(key) ?? keep(key, await workOut(code, year)));
}

function keptUnder(key: string): readonly Holiday[] | undefined {
  const holidays = kept.get(key);
  if (holidays) keep(key, holidays);
  return holidays;
}

function keep(key: string, holidays: readonly Holiday[]): readonly Holiday[] {
  kept.delete(key);
  kept.set(key, holidays);
  if (kept.size > KEPT_AT_MOST) kept.delete(kept.keys().next().value!);
  return holidays;
}

/** Behind what the company asked for before. */
function inLine<T>(work: () => Promise<T>): Promise<T> {
  const companyId = requestScope.getStore()?.tenant?.companyId;
  const mine = (lines.get(companyId) ?? Promise.resolve()).then(work, work);
  lines.set(companyId, mine);
  const leave = () => void (lines.get(companyId) === mine && lines.delete(companyId));
  mine.then(leave, leave);
  return mine;
}
