import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type { Client, CreateUser, HistoryProof } from '../../../../packages/client/src/index.js';
import { historyTable, weekTable } from './tables.js';
import { clientOf, refused, Unexpected } from './voice.js';

const step = (text: string): void => console.log(`\n${text}`);

/** Sign-up to a corrected, approved week and the proof of its history. @param tag makes names unique, so that the demo can run again */
export async function week(base: string, tag: string): Promise<void> {
  const ada = clientOf('Ada', base);
  const mary = clientOf('Mary', base);
  const charles = clientOf('Charles', base);

  step('Ada signs her company up and is signed in as its Admin');
  const password = `engines of ${randomUUID()}`;
  const owner = { email: `ada-${tag}@example.com`, password, firstName: 'Ada', lastName: 'Lovelace' };
  const signUp = await ada.post('/api/v1/companies', { body: { name: `Analytical Engines ${tag}`, timezone: 'Europe/Berlin', owner } });
  await ada.adopt(signUp.tokens);
  await ada.get('/api/v1/me');

  step('She makes two action codes');
  const dev = await ada.post('/api/v1/action-codes', { body: { code: 'DEV', name: 'Development' } });
  const meeting = await ada.post('/api/v1/action-codes', { body: { code: 'MEET', name: 'Meetings', type: 'non-billable' } });

  step('She takes in Mary, who will lead the team, and Charles; each chooses a password of their own at the first sign-in');
  const roles = await ada.get('/api/v1/roles');
  const roleId = roles.items.find((role) => role.name === 'Employee')!.id;
  const maryId = await join(ada, mary, { firstName: 'Mary', lastName: 'Somerville', email: `mary-${tag}@example.com`, roleId });
  const charlesId = await join(ada, charles, { firstName: 'Charles', lastName: 'Babbage', email: `charles-${tag}@example.com`, roleId });

  step('A team with a lead');
  const team = await ada.post('/api/v1/teams', { body: { name: 'Difference Engine' } });
  const member = '/api/v1/teams/{id}/members/{userId}';
  await ada.put(member, { path: { id: team.id, userId: maryId }, body: { role: 'lead' } });
  await ada.put(member, { path: { id: team.id, userId: charlesId }, body: { role: 'member' } });

  step('Charles books his week');
  const days = lastWeek();
  const [monday, friday, sunday] = [days[0]!, days[4]!, days[6]!];
  const sheet = await charles.post('/api/v1/timesheets', { body: { periodStart: monday, periodEnd: sunday, notes: 'Release week' } });
  const path = { id: sheet.id };
  const work = { actionCodeId: dev.id, country: 'DE' };
  const entries = days.slice(0, 5).flatMap((day, index) => [
    { day, actionCodeId: meeting.id, country: 'DE', durationMin: 30, note: 'Stand-up' },
    { ...work, workMode: index % 2 ? ('remote' as const) : ('office' as const), ...between(day, '08:00', '15:30'), note: 'Mill' },
  ]);
  await charles.post('/api/v1/timesheet-entries/batch', { body: { entries } });
  await refused('entry_overlap', charles.post('/api/v1/timesheet-entries', { body: { ...work, ...between(monday, '15:00', '16:00') } }));

  step('He submits it; deciding it himself is not possible');
  await charles.post('/api/v1/timesheets/{id}/submit', { path });
  await refused('self_approval', charles.post('/api/v1/timesheets/{id}/approve', { path }));

  step('Mary sees what waits for her, looks at it, and approves exactly what she saw');
  await mary.get('/api/v1/timesheet-approvals');
  const approve = async (reason: string) => {
    const { version } = await mary.get('/api/v1/timesheets/{id}', { path });
    const booked = await mary.get('/api/v1/timesheets/{id}/entries', { path });
    const approved = await mary.post('/api/v1/timesheets/{id}/approve', { path, ifMatch: version, body: { reason } });
    return { approved, entries: booked.items };
  };
  const first = await approve('Good week');

  step('The week');
  const codes = { [dev.id]: 'DEV', [meeting.id]: 'MEET' };
  console.log(weekTable(first.approved, first.entries, codes));

  step('Friday was longer than he booked: Mary reopens the week, Charles corrects it, Mary approves again');
  await mary.post('/api/v1/timesheets/{id}/reopen', { path, body: { reason: 'The release took longer' } });
  const longest = first.entries.find((entry) => entry.day === friday && entry.startedAt !== null)!;
  const { endedAt } = between(friday, '08:00', '17:00');
  await charles.patch('/api/v1/timesheet-entries/{id}', { path: { id: longest.id }, ifMatch: longest.version, body: { endedAt } });
  await charles.post('/api/v1/timesheets/{id}/submit', { path });
  const corrected = await approve('As corrected');

  step('The corrected week');
  console.log(weekTable(corrected.approved, corrected.entries, codes));

  step('What happened, as the history tells it');
  const history = await charles.get('/api/v1/timesheets/{id}/history', { path });
  console.log(historyTable(history.items, { [charlesId]: 'Charles', [maryId]: 'Mary' }));

  step('Every line gets a seal within seconds; then Ada proves that nothing was changed or removed');
  const proof = await sealed(ada);
  console.log(`  valid ${proof.valid}, checked ${proof.checked}, unsealed ${proof.unsealed}\n  head ${proof.head}`);
  if (!proof.valid) throw new Unexpected(`the history is broken at ${proof.firstBroken}`);
}

/** Monday to Sunday of the week before this one. */
function lastWeek(): string[] {
  const monday = new Date();
  monday.setUTCDate(monday.getUTCDate() - ((monday.getUTCDay() + 6) % 7) - 7);
  return Array.from({ length: 7 }, (_, index) => new Date(monday.getTime() + index * 86_400_000).toISOString().slice(0, 10));
}

const between = (day: string, start: string, end: string) => ({ startedAt: `${day}T${start}:00Z`, endedAt: `${day}T${end}:00Z` });

/** A new user, their first sign-in and their own password. @returns their id */
async function join(admin: Client, client: Client, person: CreateUser): Promise<string> {
  const password = `first ${randomUUID()}`;
  const { id } = await admin.post('/api/v1/users', { body: { ...person, password } });
  await client.signIn({ email: person.email, password });
  await client.post('/api/v1/auth/password/change', { body: { currentPassword: password, newPassword: `own ${randomUUID()}` } });
  return id;
}

/** The proof of the history once all of it is sealed, or as it is after fifteen seconds. */
async function sealed(admin: Client): Promise<HistoryProof> {
  for (let second = 0; ; second++) {
    const proof = await admin.get('/api/v1/timesheet-history/verify');
    if (proof.unsealed === 0 || second >= 15) return proof;
    await setTimeout(1000);
  }
}
