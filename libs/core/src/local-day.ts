import { clock } from './clock.js';

/** There are some 600 names of zones, but ever more ways to write one, capitals and small letters mixed. */
export const REMEMBERED_ZONES = 1000;

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const formatOfDays = formats({});
const formatOfTimes = formats({ hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });

/** The calendar day in a zone. @param instant in milliseconds @param timeZone an IANA name */
export const localDay = (instant: number, timeZone: string): string => formatOfDays(timeZone).format(instant);

/** The present day in a zone. @param timeZone an IANA name */
export const todayIn = (timeZone: string): string => localDay(clock.now().getTime(), timeZone);

/** The first instant of a day in a zone, in milliseconds; of a day that was left out there, the first of the next. */
export const startOfDay = (day: string, timeZone: string): number => instantAt(day, 0, timeZone);

/**
 * When the clocks of a zone show an hour of a day, in milliseconds: the first time when they do so twice, and where they pass over it,
 * the instant at which they do.
 * @param hour 0 to 24 @param timeZone an IANA name
 */
export function instantAt(day: string, hour: number, timeZone: string): number {
  const shown = Date.parse(day) + hour * HOUR_MS;
  const ahead = [shown - DAY_MS, shown + DAY_MS].map((near) => aheadOfUtc(near, timeZone));
  const [first, last] = [shown - Math.max(...ahead), shown - Math.min(...ahead)];
  return first === last || first + aheadOfUtc(first, timeZone) === shown ? first : last;
}

/** Milliseconds by which the clocks of a zone are ahead. @param instant a whole second */
function aheadOfUtc(instant: number, timeZone: string): number {
  const [day, time] = formatOfTimes(timeZone).format(instant).split(', ');
  return Date.parse(`${day}T${time}Z`) - instant;
}

/** Formats of days, and more, as they are written in ISO 8601. Making one takes 50 µs, using it 1. */
function formats(more: Intl.DateTimeFormatOptions): (timeZone: string) => Intl.DateTimeFormat {
  const known = new Map<string, Intl.DateTimeFormat>();
  return (timeZone) => {
    let format = known.get(timeZone);
    if (!format) {
      if (known.size >= REMEMBERED_ZONES) known.clear();
      format = new Intl.DateTimeFormat('en-CA', {
        timeZone,
        calendar: 'iso8601',
        numberingSystem: 'latn',
        year: 'numeric',
        month: '2-digit',
        day: '2-digit',
        ...more,
      });
      known.set(timeZone, format);
    }
    return format;
  };
}
