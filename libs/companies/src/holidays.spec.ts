import { describe, expect, it } from '@jest/globals';
import { holidaysOf, isHolidayCalendar } from './holidays.js';

const daysOf = (calendar: string, year: number) => holidaysOf(calendar, year).map(({ date }) => date.slice(5));

describe('the days on which holidays are kept', () => {
  it('are those of the federal law in the USA, a Saturday on Friday and a Sunday on Monday', () => {
    const of2026 = ['01-01', '01-19', '02-16', '05-25', '06-19', '07-03', '09-07', '10-12', '11-11', '11-26', '12-25'];
    expect(daysOf('us_federal_holidays', 2026)).toEqual(of2026);
    expect(holidaysOf('us_federal_holidays', 2026)[5]).toEqual({ date: '2026-07-03', name: 'Independence Day' });
    // opm.gov: New Year's Day of 2022 was kept in 2021, Veterans Day of 2023 on a Friday
    const of2021 = ['01-01', '01-18', '02-15', '05-31', '06-18', '07-05', '09-06', '10-11', '11-11', '11-25', '12-24', '12-31'];
    expect(daysOf('us_federal_holidays', 2021)).toEqual(of2021);
    expect(daysOf('us_federal_holidays', 2022)[0]).toBe('01-17');
    expect(daysOf('us_federal_holidays', 2023)).toContain('11-10');
    expect(daysOf('us_federal_holidays', 2023)).not.toContain('11-11');
    expect(daysOf('us_federal_holidays', 2020)).not.toContain('06-19');
  });

  it('stay where they are in Bavaria and France', () => {
    const bavaria = ['01-01', '01-06', '04-03', '04-06', '05-01', '05-14', '05-25', '06-04', '10-03', '11-01', '12-25', '12-26'];
    expect(daysOf('DE-BY', 2026)).toEqual(bavaria);
    expect(daysOf('FR', 2026)).toEqual(['01-01', '04-06', '05-01', '05-08', '05-14', '05-25', '07-14', '08-15', '11-01', '11-11', '12-25']);
    expect(daysOf('DE', 2026)).not.toContain('01-06');
    expect(holidaysOf('FR', 2026)[6]).toEqual({ date: '2026-07-14', name: 'Fête Nationale de la France' });
  });

  it('are the substitutes where a country has them', () => {
    expect(daysOf('GB-ENG', 2022)).toEqual(
      ['01-03', '04-15', '04-18', '05-02', '06-02', '06-03', '09-19', '12-26', '12-27', '08-29'].toSorted(),
    );
  });

  it('are all days of a long holiday, by the day that follows the evening on which it begins', () => {
    expect(daysOf('AE', 2026)).toEqual(expect.arrayContaining(['03-20', '03-21', '03-22']));
    expect(daysOf('AE', 2026)).not.toContain('03-19');
  });

  it('are no afternoons and evenings', () => {
    expect(daysOf('CH-VS', 2026)).not.toContain('12-24');
  });

  it('are none without a calendar', () => {
    expect(holidaysOf(null, 2026)).toEqual([]);
  });

  it('are in order, each once', () => {
    for (const calendar of ['us_federal_holidays', 'US', 'JP', 'SZ', 'ES-CT', 'CH-ZH']) {
      const days = holidaysOf(calendar, 2027).map(({ date, name }) => `${date} ${name}`);
      expect(days.map((day) => day.slice(0, 10))).toEqual(days.map((day) => day.slice(0, 10)).toSorted());
      expect(new Set(days).size).toBe(days.length);
    }
  });
});

describe('a calendar', () => {
  it.each(['us_federal_holidays', 'FR', 'DE-BY', 'US', 'GB-ENG', 'DE-BY-KATH'])('is %s', (code) =>
    expect(isHolidayCalendar(code)).toBe(true),
  );

  it.each(['', 'XX', 'fr', 'DE-XX', 'DE-', 'DE-BY-', 'DE-BY-KATH-X', 'constructor', 'DE-constructor', 'de_by', 7, null, undefined, {}])(
    'is not %p',
    (code) => expect(isHolidayCalendar(code)).toBe(false),
  );
});
