import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { Flag, Id, Instant, Note, PageOf, Text, Texts, Version } from '#core';
import type { FieldOptions } from '#core';
import { faultOfPermission, PERMISSION_NAMES } from './permissions.js';
import type { PermissionName } from './permissions.js';

const NAME = { example: 'Payroll', description: 'Unique in the company, case included.' };
const DESCRIPTION = { example: 'Runs the reports for payroll.' };
const EXAMPLE = ['read_report', 'read_user'];

/** Names of the catalogue, each once. */
export const PermissionNames = (options: FieldOptions = {}): PropertyDecorator =>
  applyDecorators(
    Texts(PERMISSION_NAMES.length, { example: EXAMPLE, ...options }, faultOfPermission),
    ApiProperty({ items: { type: 'string', enum: PERMISSION_NAMES } }),
  );

export class CreateRole {
  @Text(255, NAME) name!: string;
  @Note(DESCRIPTION) description?: string | null;
  @PermissionNames({ optional: true, default: [], description: 'At most those that you hold yourself.' }) permissions?: PermissionName[];
}

export class UpdateRole {
  @Text(255, { ...NAME, optional: true }) name?: string;
  @Note(DESCRIPTION) description?: string | null;
}

export class RolePermissions {
  @PermissionNames({ description: 'All that the role has from now on. What is new among them you must hold yourself.' })
  permissions!: PermissionName[];
}

export class RoleView {
  @Id() id!: string;
  @Text(255, NAME) name!: string;
  @Note({ ...DESCRIPTION, optional: false }) description!: string | null;
  @Flag({ example: false, description: 'One of those that come with the company: it can neither be changed nor deleted.' })
  system!: boolean;
  @PermissionNames({ description: 'In alphabetical order.' }) permissions!: string[];
  @Instant() createdAt!: string;
  @Instant() updatedAt!: string;
  @Version() version!: number;
}

export class RolePage extends PageOf(RoleView) {}

export class PermissionView {
  @Text(100, { example: 'read_report' }) name!: string;
  @Text(4000, { example: 'Run reports over everybody.', description: 'What it lets its holder do.' }) description!: string;
}

export class PermissionPage extends PageOf(PermissionView) {}
