import type { HistoryView, TimesheetEntryView, TimesheetView } from '../../../../packages/client/src/index.js';

const hours = (minutes: number): string => `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}`;
const weekday = (day: string): string => new Intl.DateTimeFormat('en', { weekday: 'short', timeZone: 'UTC' }).format(new Date(day));
const clockTime = (instant: string, timeZone: string): string =>
  new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', timeZone }).format(new Date(instant));

/** Columns as wide as they need to be. */
function table(rows: string[][]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (row: string[]): string => `  ${row.map((cell, column) => cell.padEnd(widths[column]!)).join('  ')}`.trimEnd();
  return [line(rows[0]!), line(widths.map((width) => '─'.repeat(width))), ...rows.slice(1).map(line)].join('\n');
}

/** The week as a person would want to see it: local times, sums. */
export function weekTable(
  sheet: Pick<TimesheetView, 'status' | 'totalMinutes'>,
  entries: TimesheetEntryView[],
  codes: Record<string, string>,
): string {
  const rows = entries.map((entry) => [
    `${weekday(entry.day)} ${entry.day}`,
    codes[entry.actionCodeId] ?? '',
    entry.startedAt && entry.endedAt ? `${clockTime(entry.startedAt, entry.timezone)}–${clockTime(entry.endedAt, entry.timezone)}` : '',
    hours(entry.durationMin).padStart(6),
    entry.workMode,
    entry.note ?? '',
  ]);
  const head = ['Day', 'Code', 'Time', ' Hours', 'Where', 'Note'];
  const sum = ['Total', '', '', hours(sheet.totalMinutes).padStart(6), '', sheet.status];
  return table([head, ...rows, sum]);
}

export function historyTable(rows: HistoryView[], people: Record<string, string>): string {
  const lines = rows
    .toReversed()
    .map((row) => [row.occurredAt, people[row.actorUserId ?? ''] ?? 'system', row.action, row.targetType, row.reason ?? '']);
  return table([['When', 'Who', 'What', 'Of', 'Why'], ...lines]);
}
