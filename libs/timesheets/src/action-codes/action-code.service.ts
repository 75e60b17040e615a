import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { expectVersion, Problem, UnitOfWork } from '#core';
import type { ExpectedVersion } from '#core';
import type { Principal } from '#rbac';
import { diffOf, TimesheetHistoryWriter } from '../history/history.writer.js';
import type { Diff, HistoryAction } from '../history/timesheet-history.entity.js';
import type { ActionCodeView, CreateActionCode, UpdateActionCode } from './action-code.dto.js';
import { ActionCode } from './action-code.entity.js';
import { ActionCodeRepository } from './action-code.repository.js';

const FIELDS = ['code', 'name', 'type', 'active', 'externalId'] as const satisfies (keyof ActionCode)[];

@Injectable()
export class ActionCodeService {
  constructor(
    private readonly work: UnitOfWork,
    private readonly codes: ActionCodeRepository,
    private readonly history: TimesheetHistoryWriter,
  ) {}

  /** @throws 409 `action_code_taken` */
  async create(caller: Principal, fields: CreateActionCode): Promise<ActionCodeView> {
    const id = randomUUID();
    await this.work.insert(ActionCode, { id, ...fields });
    const made = await this.codes.get(id);
    await this.tell(caller, id, 'created', diffOf(null, made, FIELDS));
    return made;
  }

  /** @throws 412 and 409 `action_code_taken`; a change that changes nothing leaves the version alone */
  async change(caller: Principal, id: string, fields: UpdateActionCode, expected: ExpectedVersion): Promise<ActionCodeView> {
    const before = await this.lock(id, expected);
    const diff = diffOf(before, { ...before, ...fields }, FIELDS);
    if (Object.keys(diff).length === 0) return before;
    await this.work.update(ActionCode, { id }, fields);
    await this.tell(caller, id, 'updated', diff);
    return this.codes.get(id);
  }

  /** @throws 412 and 409 `action_code_in_use` while an entry names it */
  async delete(caller: Principal, id: string, expected: ExpectedVersion): Promise<void> {
    const before = await this.lock(id, expected);
    if (await this.codes.isBooked(id)) throw new Problem('action_code_in_use');
    await this.work.delete(ActionCode, { id });
    await this.tell(caller, id, 'deleted', diffOf(before, null, FIELDS));
  }

  private async lock(id: string, expected: ExpectedVersion): Promise<ActionCodeView> {
    const found = await this.codes.lock(id);
    this.work.follow([found]);
    expectVersion(found, expected);
    return found;
  }

  private tell(caller: Principal, targetId: string, action: HistoryAction, diff: Diff): Promise<void> {
    return this.history.record([{ userId: caller.userId, targetType: 'ActionCode', targetId, action, diff }]);
  }
}
