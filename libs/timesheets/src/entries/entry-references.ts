import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '#core';
import { PresentPeople } from '#identity';
import type { EntryFault } from './entry-placement.js';

/** The ids that an entry's body names. Null and undefined name nothing. */
export interface References {
  /** Whose entry; it goes only into a timesheet of theirs. */
  userId: string;
  actionCodeId?: string;
  taskId?: string | null;
  timesheetId?: string | null;
}

/**
 * Whether what entries name lives here. Action codes and tasks are held until the end of the transaction: whoever deletes one locks it
 * first and then sees the entry.
 */
@Injectable()
export class EntryReferences {
  constructor(
    private readonly work: UnitOfWork,
    private readonly present: PresentPeople,
  ) {}

  /** @returns 400s for what names nothing here, and 409s for inactive action codes */
  async check(entries: References[]): Promise<EntryFault[]> {
    const [codes, tasks, sheets] = await Promise.all([
      this.actionCodes(named(entries, ({ actionCodeId }) => actionCodeId)),
      this.tasks(named(entries, ({ taskId }) => taskId)),
      this.timesheets(named(entries, ({ timesheetId }) => timesheetId)),
    ]);
    return entries.flatMap(({ userId, actionCodeId, taskId, timesheetId }, place) => [
      ...(!actionCodeId || codes.has(actionCodeId) ? [] : [unknown(place, '/actionCodeId')]),
      ...(!taskId || tasks.has(taskId) ? [] : [unknown(place, '/taskId')]),
      ...(!timesheetId || sheets.get(timesheetId) === userId ? [] : [unknown(place, '/timesheetId')]),
      ...(actionCodeId && codes.get(actionCodeId) === false ? [inactive(place)] : []),
    ]);
  }

  /**
   * Under the lock of the people.
   * @returns 400s for who is not here, or anonymised: nothing new is told of them
   * @throws 401 where who acts is so since their request began
   */
  async people(entries: References[]): Promise<EntryFault[]> {
    const here = await this.present.among(named(entries, ({ userId }) => userId));
    return entries.flatMap(({ userId }, place) => (here.has(userId) ? [] : [unknown(place, '/userId')]));
  }

  /** Under the lock of the person. @throws 409 `conflict` for a text that would tell of somebody anonymised again */
  refuseText(userId: string, text: string | null | undefined): Promise<void> {
    return this.present.refuseText(userId, text);
  }

  private async actionCodes(ids: string[]): Promise<Map<string, boolean>> {
    if (ids.length === 0) return new Map();
    const rows = await this.work.query<{ id: string; active: boolean }>(
      'SELECT c.id, c.active FROM action_codes c WHERE c."companyId" = $1 AND c.id = ANY ($2) AND c."deletedAt" IS NULL ORDER BY c.id FOR SHARE',
      [ids],
    );
    return new Map(rows.map(({ id, active }) => [id, active]));
  }

  private async tasks(ids: string[]): Promise<Set<string>> {
    if (ids.length === 0) return new Set();
    const rows = await this.work.query<{ id: string }>(
      'SELECT t.id FROM tasks t WHERE t."companyId" = $1 AND t.id = ANY ($2) AND t."deletedAt" IS NULL ORDER BY t.id FOR SHARE',
      [ids],
    );
    return new Set(rows.map(({ id }) => id));
  }

  /** Whose they are. */
  private async timesheets(ids: string[]): Promise<Map<string, string>> {
    if (ids.length === 0) return new Map();
    const rows = await this.work.query<{ id: string; userId: string }>(
      'SELECT t.id, t."userId" FROM timesheets t WHERE t."companyId" = $1 AND t.id = ANY ($2) AND t."deletedAt" IS NULL',
      [ids],
    );
    return new Map(rows.map(({ id, userId }) => [id, userId]));
  }
}

function named(entries: References[], id: (entry: References) => string | null | undefined): string[] {
  return [...new Set(entries.map(id))].filter((one) => typeof one === 'string');
}

const unknown = (place: number, pointer: string): EntryFault => ({
  place,
  pointer,
  detail: 'names nothing here',
  code: 'unknown_reference',
});

const inactive = (place: number): EntryFault => ({
  place,
  pointer: '/actionCodeId',
  detail: 'The action code is inactive',
  code: 'action_code_inactive',
});
