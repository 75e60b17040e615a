import { Id, Instant, Note, OneOf, PageOf, PageQuery, Text, Version } from '#core';
import { APPROVAL_STATUSES } from '../timesheet.entity.js';
import type { ApprovalStatus } from '../timesheet.entity.js';

const LONGEST = 4000;
const WHY = { example: 'Tuesday is missing' };

export class ApproveTimesheet {
  @Note({ example: 'Thank you' }) reason?: string | null;
}

export class RejectTimesheet {
  @Text(LONGEST, WHY) reason!: string;
}

export class ReopenTimesheet {
  @Text(LONGEST, { example: 'A day was booked on the wrong code' }) reason!: string;
}

export class ApprovalQuery extends PageQuery {
  @OneOf(APPROVAL_STATUSES, { optional: true }) status?: ApprovalStatus;
  @Id({ optional: true, description: 'Whose decision. With neither filter: what waits for the caller.' }) approverId?: string;
}

export class ApprovalView {
  @Id() id!: string;
  @Id() timesheetId!: string;
  @Id({ nullable: true, description: 'Null once that person’s record was purged.' }) approverId!: string | null;
  @OneOf(APPROVAL_STATUSES, { example: 'REJECTED' }) status!: ApprovalStatus;
  @Note({ ...WHY, optional: false }) reason!: string | null;
  @Instant({ nullable: true }) decidedAt!: string | null;
  @Text(64, {
    nullable: true,
    example: 'a'.repeat(64),
    description: 'SHA-256 in hex over the canonical entries decided on; null before.',
  })
  digest!: string | null;
  @Instant() createdAt!: string;
  @Instant() updatedAt!: string;
  @Version() version!: number;
}

export class ApprovalPage extends PageOf(ApprovalView) {}
