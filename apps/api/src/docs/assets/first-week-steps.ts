import type { Routes } from '../../../../../packages/client/src/index.js';

/** What earlier steps gave, by name: `{{charlesId}}` stands for it in a request. */
export type Seen = Record<string, string>;

interface StepOf<M extends 'get' | 'post'> {
  title: string;
  text: string;
  /** Whose session it is sent in. */
  as: 'ada' | 'charles';
  method: M;
  path: keyof Routes[M];
  parameters?: Record<string, string>;
  query?: Record<string, string | string[]>;
  body?: object;
  ifMatch?: string;
  /** What later steps need of the answer, by its place in it. */
  keeps?: Record<string, string>;
  /** The call through the client, where it is another than the request itself. */
  client?: string;
}

export type Step = StepOf<'get'> | StepOf<'post'>;

const LOGIN = { email: 'charles-{{tag}}@example.com', password: 'first {{password}}' };

/** A company's first week, each with the whole request. */
export const STEPS: Step[] = [
  {
    title: 'Sign a company up',
    text: 'Whoever signs up becomes its Admin, and the answer carries their tokens.',
    as: 'ada',
    method: 'post',
    path: '/api/v1/companies',
    body: {
      name: 'Analytical Engines {{tag}}',
      timezone: 'Europe/Berlin',
      owner: { email: 'ada-{{tag}}@example.com', password: 'engines of {{password}}', firstName: 'Ada', lastName: 'Lovelace' },
    },
    keeps: { adaToken: 'tokens.accessToken' },
    client: 'const { tokens } = await ada.post({{call}});\nawait ada.adopt(tokens);',
  },
  {
    title: 'Find the role for a new colleague',
    text: 'Three roles come with every company. `Employee` has no permissions: own data needs none.',
    as: 'ada',
    method: 'get',
    path: '/api/v1/roles',
    keeps: { employeeRoleId: 'items.name=Employee.id' },
    client: `const roles = await ada.get({{call}});\nconst employeeRoleId = roles.items.find(({ name }) => name === 'Employee').id;`,
  },
  {
    title: 'Invite Charles',
    text: 'With a first password he can sign in at once, and must choose his own. Leave `password` out, and he gets a mail with a one-time link instead.',
    as: 'ada',
    method: 'post',
    path: '/api/v1/users',
    body: { email: LOGIN.email, firstName: 'Charles', lastName: 'Babbage', roleId: '{{employeeRoleId}}', password: LOGIN.password },
    keeps: { charlesId: 'id' },
  },
  {
    title: 'Charles signs in',
    text: 'The access token lasts minutes, the refresh token days. `mustChangePassword` is true.',
    as: 'charles',
    method: 'post',
    path: '/api/v1/auth/login',
    body: LOGIN,
    keeps: { charlesToken: 'accessToken' },
    client: 'await charles.signIn({{body}});',
  },
  {
    title: 'He chooses a password of his own',
    text: 'Until then every other route answers 403 `password_change_required`.',
    as: 'charles',
    method: 'post',
    path: '/api/v1/auth/password/change',
    body: { currentPassword: LOGIN.password, newPassword: 'own {{password}}' },
  },
  {
    title: 'Make an action code',
    text: 'What time is booked on: a project, a customer, a kind of work.',
    as: 'ada',
    method: 'post',
    path: '/api/v1/action-codes',
    body: { code: 'DEV', name: 'Development' },
    keeps: { actionCodeId: 'id' },
  },
  {
    title: 'Book time',
    text: 'A span with its beginning and end, or minutes on a day. All of a batch or nothing; a span may not overlap another one.',
    as: 'charles',
    method: 'post',
    path: '/api/v1/timesheet-entries/batch',
    body: {
      entries: [
        {
          actionCodeId: '{{actionCodeId}}',
          country: 'DE',
          startedAt: '{{monday}}T08:00:00Z',
          endedAt: '{{monday}}T15:30:00Z',
          note: 'Mill',
        },
        { actionCodeId: '{{actionCodeId}}', country: 'DE', workMode: 'remote', day: '{{tuesday}}', durationMin: 450, note: 'Store' },
      ],
    },
  },
  {
    title: 'Open the timesheet',
    text: 'It takes in the loose entries of its period. Entries that come later join it by their day.',
    as: 'charles',
    method: 'post',
    path: '/api/v1/timesheets',
    body: { periodStart: '{{monday}}', periodEnd: '{{sunday}}', notes: 'The first week' },
    keeps: { timesheetId: 'id' },
  },
  {
    title: 'Hand it in',
    text: 'Its days are locked from here on. The answer tells who decides it (`approvals`), and its `version`.',
    as: 'charles',
    method: 'post',
    path: '/api/v1/timesheets/{id}/submit',
    parameters: { id: '{{timesheetId}}' },
    keeps: { version: 'version' },
  },
  {
    title: 'Approve what was seen',
    text: '`If-Match` names the version that was looked at: had Charles withdrawn and changed it meanwhile, the answer would be 412. Nobody approves their own.',
    as: 'ada',
    method: 'post',
    path: '/api/v1/timesheets/{id}/approve',
    parameters: { id: '{{timesheetId}}' },
    ifMatch: '{{version}}',
    body: { reason: 'Good week' },
  },
  {
    title: 'Report',
    text: 'Grouped as you like: user, team, action code, day, week, month and more. `format=csv` gives the same as a file.',
    as: 'ada',
    method: 'get',
    path: '/api/v1/reports/time',
    query: { from: '{{monday}}', to: '{{sunday}}', groupBy: ['user', 'day'] },
  },
];

/** The week before this one, and what makes names unique, so that the guide can run again. */
export function beginning(now: Date, random: { tag: string; password: string }): Seen {
  const monday = new Date(now);
  monday.setUTCDate(monday.getUTCDate() - ((monday.getUTCDay() + 6) % 7) - 7);
  const day = (index: number): string => new Date(monday.getTime() + index * 86_400_000).toISOString().slice(0, 10);
  return { ...random, monday: day(0), tuesday: day(1), sunday: day(6) };
}
