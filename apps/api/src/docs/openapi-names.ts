import type { OpenAPIObject } from '@nestjs/swagger';

/** Lists of values that several fields have, each by one of these: a generated client then has one type for all of them. */
const LISTS = {
  ActionCodeType: 'ActionCodeView.type',
  ApprovalStatus: 'ApprovalView.status',
  ApproverPolicy: 'SettingsView.timesheetApproverPolicy',
  DayPortion: 'LeaveDay.portion',
  HealthStatus: 'HealthView.status',
  HistoryAction: 'HistoryView.action',
  HistoryTarget: 'HistoryView.targetType',
  LeaveAction: 'LeaveRequestView.allowedActions',
  LeaveStatus: 'LeaveRequestView.status',
  LeaveType: 'CreateLeaveRequest.leaveType',
  PermissionName: 'RolePermissions.permissions',
  ProblemCode: 'Problem.code',
  TaskStatus: 'TaskView.status',
  TeamRole: 'PutMember.role',
  TimeGrouping: 'TimeReport.groupBy',
  TimesheetAction: 'TimesheetRecord.allowedActions',
  TimesheetStatus: 'TimesheetView.status',
  UserStatus: 'UserView.status',
  WorkMode: 'TimesheetEntryView.workMode',
};

type Schemas = NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>;

/** A schema, or anything else of the document. */
interface Part {
  title?: unknown;
  enum?: unknown[];
  items?: Part;
  properties?: Record<string, Part>;
  [member: string]: unknown;
}

/** The document in which these lists, and every schema that has a `title`, are components. */
export function withNames(document: OpenAPIObject): OpenAPIObject {
  const { paths, components } = document;
  const given = components!.schemas as Record<string, Part>;
  const lists = new Map(
    Object.entries(LISTS).map(([name, place]) => {
      const [schema, field] = place.split('.') as [string, string];
      const { enum: values, items } = given[schema]!.properties![field]!;
      return [JSON.stringify(values ?? items!.enum), name];
    }),
  );
  const made: Record<string, Part> = {};
  const reference = (name: string, schema: Part): Part => {
    made[name] = schema;
    return { $ref: `#/components/schemas/${name}` };
  };
  const named = (part: Part): Part => {
    const { title, ...schema } = part;
    if (typeof title === 'string') return reference(title, schema);
    const { type, enum: all = [], nullable, example, ...said } = part;
    const values = all.filter((value) => value !== null);
    const name = lists.get(JSON.stringify(values));
    if (!name) return part;
    const $ref = reference(name, { type, enum: values });
    if (example !== undefined && example !== values[0]) said.example = example; // the first is what tools take by themselves
    if (nullable) return { anyOf: [$ref, { type: 'object', nullable: true, enum: [null], example: null }], ...said };
    return Object.keys(said).length > 0 ? { allOf: [$ref], ...said } : $ref;
  };
  const visit = (value: unknown, key = ''): unknown => {
    if (typeof value !== 'object' || value === null || key === 'example' || key === 'examples') return value;
    if (Array.isArray(value)) return value.map((item) => visit(item));
    return named(Object.fromEntries(Object.entries(value).map(([member, inner]) => [member, visit(inner, member)])));
  };
  const seen = visit({ paths, given }) as { paths: OpenAPIObject['paths']; given: Schemas };
  return { ...document, paths: seen.paths, components: { ...components, schemas: { ...seen.given, ...(made as Schemas) } } };
}
