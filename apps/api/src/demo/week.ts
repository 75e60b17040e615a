import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { Refused } from './client.js';
import type { Client } from './client.js';
import { historyTable, weekTable } from './tables.js';
import type { Entry, HistoryRow, Proof, Timesheet } from './tables.js';

interface Tokens {
  accessToken: string;
}

interface Created {
  id: string;
}

/** Monday to Sunday of the week before this one. */
function lastWeek(): string[] {
  const monday = new Date();
  monday.setUTCDate(monday.getUTCDate() - ((monday.getUTCDay() + 6) % 7) - 7);
  return Array.from({ length: 7 }, (_, index) => new Date(monday.getTime() + index * 86_400_000).toISOString().slice(0, 10));
}

const step = (text: string): void => console.log(`\n${text}`);

/** Sign-up to a corrected, approved week and the proof of its history. @param tag makes names unique, so that the demo can run again */
export async function week(visitor: Client, tag: string): Promise<void> {
  step('Ada signs her company up and is signed in as its Admin');
  const { body: signUp } = await visitor.post<{ tokens: Tokens }>('/companies', {
    name: `Analytical Engines ${tag}`,
    timezone: 'Europe/Berlin',
    owner: { email: `ada-${tag}@example.com`, password: `engines of ${randomUUID()}`, firstName: 'Ada', lastName: 'Lovelace' },
  });
  const ada = visitor.as('Ada', signUp.tokens.accessToken);
  await ada.get('/me');

  step('She makes two action codes');
  const { body: dev } = await ada.post<Created>('/action-codes', { code: 'DEV', name: 'Development' });
  const { body: meeting } = await ada.post<Created>('/action-codes', { code: 'MEET', name: 'Meetings', type: 'non-billable' });

  step('She takes in Mary, who will lead the team, and Charles; each chooses a password of their own at the first sign-in');
  const { body: roles } = await ada.get<{ items: Array<Created & { name: string }> }>('/roles');
  const employee = roles.items.find((role) => role.name === 'Employee')!.id;
  const [mary, maryId] = await join(visitor, ada, {
    firstName: 'Mary',
    lastName: 'Somerville',
    email: `mary-${tag}@example.com`,
    roleId: employee,
  });
  const [charles, charlesId] = await join(visitor, ada, {
    firstName: 'Charles',
    lastName: 'Babbage',
    email: `charles-${tag}@example.com`,
    roleId: employee,
  });

  step('A team with a lead');
  const { body: team } = await ada.post<Created>('/teams', { name: 'Difference Engine' });
  await ada.put(`/teams/${team.id}/members/${maryId}`, { role: 'lead' });
  await ada.put(`/teams/${team.id}/members/${charlesId}`, { role: 'member' });

  step('Charles books his week');
  const days = lastWeek();
  const { body: sheet } = await charles.post<Timesheet>('/timesheets', { periodStart: days[0], periodEnd: days[6], notes: 'Release week' });
  const entries = days.slice(0, 5).flatMap((day, index) => [
    { day, actionCodeId: meeting.id, country: 'DE', durationMin: 30, note: 'Stand-up' },
    {
      actionCodeId: dev.id,
      country: 'DE',
      workMode: index % 2 ? 'remote' : 'office',
      startedAt: `${day}T08:00:00Z`,
      endedAt: `${day}T15:30:00Z`,
      note: 'Mill',
    },
  ]);
  await charles.post('/timesheet-entries/batch', { entries }, { 'idempotency-key': randomUUID() });
  await charles.refused('POST', '/timesheet-entries', {
    actionCodeId: dev.id,
    country: 'DE',
    startedAt: `${days[0]}T15:00:00Z`,
    endedAt: `${days[0]}T16:00:00Z`,
  });

  step('He submits it; deciding it himself is not possible');
  await charles.post(`/timesheets/${sheet.id}/submit`);
  await charles.refused('POST', `/timesheets/${sheet.id}/approve`);

  step('Mary sees what waits for her, looks at it, and approves exactly what she saw');
  await mary.get('/timesheet-approvals');
  const seen = await mary.get<Timesheet>(`/timesheets/${sheet.id}`);
  const { body: booked } = await mary.get<{ items: Entry[] }>(`/timesheets/${sheet.id}/entries`);
  const { body: approved } = await mary.post<Timesheet>(
    `/timesheets/${sheet.id}/approve`,
    { reason: 'Good week' },
    { 'if-match': seen.etag! },
  );

  step('The week');
  const codes = { [dev.id]: 'DEV', [meeting.id]: 'MEET' };
  console.log(weekTable(approved, booked.items, codes));

  step('Friday was longer than he booked: Mary reopens the week, Charles corrects it, Mary approves again');
  const lastDay = days[4]!;
  await mary.post(`/timesheets/${sheet.id}/reopen`, { reason: 'The release took longer' });
  const longest = booked.items.find((entry) => entry.day === lastDay && entry.startedAt !== null)!;
  await charles.patch(`/timesheet-entries/${longest.id}`, { endedAt: `${lastDay}T17:00:00Z` });
  await charles.post(`/timesheets/${sheet.id}/submit`);
  const corrected = await mary.get<Timesheet>(`/timesheets/${sheet.id}`);
  const again = await mary.post<Timesheet>(`/timesheets/${sheet.id}/approve`, { reason: 'As corrected' }, { 'if-match': corrected.etag! });
  const { body: final } = await mary.get<{ items: Entry[] }>(`/timesheets/${sheet.id}/entries`);

  step('The corrected week');
  console.log(weekTable(again.body, final.items, codes));

  step('What happened, as the history tells it');
  const { body: history } = await charles.get<{ items: HistoryRow[] }>(`/timesheets/${sheet.id}/history`);
  console.log(historyTable(history.items, { [charlesId]: 'Charles', [maryId]: 'Mary' }));

  step('Every line gets a seal within seconds; then Ada proves that nothing was changed or removed');
  const proof = await sealed(ada);
  console.log(`  valid ${proof.valid}, checked ${proof.checked}, unsealed ${proof.unsealed}\n  head ${proof.head}`);
  if (!proof.valid) throw new Refused(`the history is broken at ${proof.firstBroken}`);
}

/** The proof of the history once all of it is sealed, or as it is after fifteen seconds. */
async function sealed(admin: Client): Promise<Proof> {
  for (let second = 0; ; second++) {
    const { body: proof } = await admin.get<Proof>('/timesheet-history/verify');
    if (proof.unsealed === 0 || second >= 15) return proof;
    await setTimeout(1000);
  }
}

/** A new user, their first sign-in and their own password. */
async function join(
  visitor: Client,
  admin: Client,
  person: { firstName: string; lastName: string; email: string; roleId: string },
): Promise<[Client, string]> {
  const first = `first ${randomUUID()}`;
  const own = `own ${randomUUID()}`;
  const { body: user } = await admin.post<Created>('/users', { ...person, password: first });
  const { body: tokens } = await visitor.post<Tokens>('/auth/login', { email: person.email, password: first });
  await visitor.as(person.firstName, tokens.accessToken).post('/auth/password/change', { currentPassword: first, newPassword: own });
  const { body: signedIn } = await visitor.post<Tokens>('/auth/login', { email: person.email, password: own });
  return [visitor.as(person.firstName, signedIn.accessToken), user.id];
}
