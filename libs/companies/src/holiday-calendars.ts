import { createRequire } from 'node:module';
import type Calendar from 'date-holidays';

/** The eleven of 5 U.S.C. 6103. */
export const US_FEDERAL = 'us_federal_holidays';

const require = createRequire(import.meta.url);
/** Loaded when the first calendar is asked for: it takes a tenth of the start, and megabytes. */
const library = () => require('date-holidays') as typeof Calendar;
let whole: Calendar | undefined;
const catalogue = (): Calendar => (whole ??= new (library())());

/** Whether there is such a calendar: `us_federal_holidays`, or a country with or without its region, such as `FR` and `DE-BY`. */
export function isHolidayCalendar(code: unknown): code is string {
  if (typeof code !== 'string') return false;
  if (code === US_FEDERAL) return true;
  const [country = '', state, region, ...more] = code.split('-');
  if (more.length > 0 || !Object.hasOwn(catalogue().getCountries(), country)) return false;
  if (state === undefined) return true;
  if (!Object.hasOwn(catalogue().getStates(country) ?? {}, state)) return false;
  return region === undefined || Object.hasOwn(catalogue().getRegions(country, state) ?? {}, region);
}

/** The rules of a country or region. */
export function newCalendar(code: string): Calendar {
  const [country = '', state = '', region = ''] = code.split('-');
  return new (library())(country, state, region, { timezone: 'UTC', types: ['public'] });
}
