import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { PathId } from '#core';
import type { JsonPage } from '#core';
import { RequirePermission } from '#rbac';
import { AccessLogPage, AccessLogQuery, AccessLogView, AuditLogPage, AuditLogQuery, AuditLogView } from './log.dto.js';
import { LogRepository } from './log.repository.js';

@ApiTags('Privacy')
@Controller()
export class LogController {
  constructor(private readonly logs: LogRepository) {}

  @Get('audit-logs')
  @RequirePermission('read_audit_log')
  @ApiOperation({ summary: 'List who changed what outside timesheets, signed in, or was refused, newest first' })
  @ApiOkResponse({ type: AuditLogPage })
  auditLogs(@Query() query: AuditLogQuery): Promise<JsonPage<AuditLogView>> {
    return this.logs.auditLogs(query);
  }

  @Get('audit-logs/:id')
  @RequirePermission('read_audit_log')
  @ApiOperation({ summary: 'Read one line of the audit log' })
  @ApiOkResponse({ type: AuditLogView })
  auditLog(@PathId() id: string): Promise<AuditLogView> {
    return this.logs.auditLog(id);
  }

  @Get('access-logs')
  @RequirePermission('read_access_log')
  @ApiOperation({ summary: 'List who read whose personal data, newest first' })
  @ApiOkResponse({ type: AccessLogPage })
  accessLogs(@Query() query: AccessLogQuery): Promise<JsonPage<AccessLogView>> {
    return this.logs.accessLogs(query);
  }

  @Get('access-logs/:id')
  @RequirePermission('read_access_log')
  @ApiOperation({ summary: 'Read one line of the access log' })
  @ApiOkResponse({ type: AccessLogView })
  accessLog(@PathId() id: string): Promise<AccessLogView> {
    return this.logs.accessLog(id);
  }
}
