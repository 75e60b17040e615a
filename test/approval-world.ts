import type { ApproverPolicy } from '#companies';
import type { Answer } from './client.js';
import type { Company, Person } from './factories.js';
import type { TestServer } from './server.js';

export const WEEK = { periodStart: '2026-03-02', periodEnd: '2026-03-08' };

/** A timesheet of one entry, and who has to do with it. */
export interface MadeSheet {
  person: Person;
  /** Of a team of the person. */
  lead: Person;
  teamId: string;
  id: string;
  path: string;
}

/** One of a person with listed approvers. */
export interface ListedSheet extends MadeSheet {
  approvers: Person[];
  first: Person;
  second: Person;
}

/** A person and the path of their timesheet. */
type Of = Pick<MadeSheet, 'person' | 'path'>;

/** A company whose timesheets are handed in and decided. */
export class ApprovalWorld {
  private constructor(
    private readonly server: TestServer,
    readonly company: Company,
  ) {}

  static async begin(server: TestServer): Promise<ApprovalWorld> {
    return new ApprovalWorld(server, await server.company());
  }

  async setPolicy(policy: ApproverPolicy): Promise<void> {
    await this.server.sql('UPDATE company_settings SET "timesheetApproverPolicy" = $2 WHERE "companyId" = $1', [this.company.id, policy]);
  }

  /** Past the route: no round asks anew. */
  async suspend(person: Person): Promise<void> {
    await this.server.sql(SUSPEND, [person.id]);
  }

  /** Past the route: no round asks anew. */
  async setApprovers(person: Person, approvers: Person[]): Promise<void> {
    await this.server.sql('DELETE FROM user_approvers WHERE "userId" = $1', [person.id]);
    for (const { id } of approvers) await this.company.insert('user_approvers', { userId: person.id, approverId: id });
  }

  async filled(): Promise<MadeSheet> {
    const [person, lead] = await Promise.all([this.company.person(), this.company.person()]);
    const { id: teamId } = await this.company.team({ leads: [lead], members: [person] });
    const { body } = await person.post('/timesheets', WEEK);
    const { id: actionCodeId } = await this.company.actionCode();
    await person.post('/timesheet-entries', { day: '2026-03-02', durationMin: 480, actionCodeId, country: 'DE' });
    return { person, lead, id: body.id, path: `/timesheets/${body.id}`, teamId };
  }

  async submitted(): Promise<MadeSheet> {
    const made = await this.filled();
    const { status, body } = await made.person.post(`${made.path}/submit`);
    if (status !== 200) throw new Error(`${status} ${body.code}`);
    return made;
  }

  /** With approvers of one's own, and the owner among them, who never counts. */
  async drafted(count = 2): Promise<ListedSheet> {
    const made = await this.filled();
    const approvers = await Promise.all(Array.from({ length: count }, () => this.company.person()));
    await this.setApprovers(made.person, [...approvers, made.person]);
    return { ...made, approvers, first: approvers[0]!, second: approvers[1]! };
  }

  /** {@link drafted} and submitted, under `explicit`. */
  async handedIn(count = 2): Promise<ListedSheet> {
    const made = await this.drafted(count);
    const { body } = await made.person.post(`${made.path}/submit`);
    if (askedIn(body).join() !== idsOf(made.approvers).join()) throw new Error('not these approvers are asked');
    return made;
  }

  async statusOf({ person, path }: Of): Promise<string> {
    return (await person.get(path)).body.status;
  }

  /** The oldest first. */
  async historyOf(targetType: string, { person, path }: Of): Promise<HistoryLine[]> {
    const { body } = await person.get(`${path}/history?limit=200`);
    return body.items.filter((row: { targetType: string }) => row.targetType === targetType).toReversed();
  }

  /** How many approvals of the timesheet wait for somebody. */
  async waiting(who: Person, { id }: { id: string }): Promise<number> {
    const { body } = await who.get('/timesheet-approvals?limit=200');
    return body.items.filter(({ timesheetId }: { timesheetId: string }) => timesheetId === id).length;
  }

  /** What is answered to a request that meets a lock held by the statement, and goes on once `meanwhile` has happened. */
  behind(
    text: string,
    values: unknown[],
    request: () => Promise<Answer>,
    meanwhile = async (): Promise<unknown> => undefined,
  ): Promise<Answer> {
    return this.server.database.as('superuser', async (client) => {
      await client.query('BEGIN');
      await client.query(text, values);
      const answer = request();
      await this.server.untilSomebodyWaits();
      await meanwhile();
      await client.query('COMMIT');
      return answer;
    });
  }

  /** What is answered to a request that began while a person's suspension was not committed yet. */
  leaving(person: Person, request: () => Promise<Answer>, meanwhile?: () => Promise<unknown>): Promise<Answer> {
    return this.behind(SUSPEND, [person.id], request, meanwhile);
  }
}

interface HistoryLine {
  action: string;
  actorUserId: string;
  targetId: string;
  reason: string | null;
  diff: object;
  occurredAt: string;
}

const SUSPEND = `UPDATE users SET "statusId" = (SELECT s.id FROM user_statuses s WHERE s.code = 'SUSPENDED') WHERE id = $1`;

export const idsOf = (records: { id: string }[]): string[] => records.map(({ id }) => id).toSorted();

/** Whose approvals a timesheet has. */
export const askedIn = ({ approvals }: { approvals: { approverId: string }[] }): string[] =>
  approvals.map(({ approverId }) => approverId).toSorted();
