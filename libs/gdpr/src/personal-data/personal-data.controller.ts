import { Controller, Get, Query, StreamableFile } from '@nestjs/common';
import { ApiExtraModels, ApiOkResponse, ApiOperation, ApiTags, getSchemaPath } from '@nestjs/swagger';
import { PathId, WantsZip } from '#core';
import { OwnOr } from '#identity';
import { Caller, Own } from '#rbac';
import type { Principal } from '#rbac';
import { ExportedTable, PersonalDataQuery, PersonalDataView } from './personal-data.dto.js';
import { PersonalData } from './personal-data.service.js';
import type { ExportFormat } from './personal-data.service.js';

const Exported = (): MethodDecorator =>
  ApiOkResponse({
    description:
      'The rows table by table, the manifest last; as a ZIP of JSON and CSV files by `Accept: application/zip` or `?format=zip`.',
    content: {
      'application/json': { schema: { $ref: getSchemaPath(PersonalDataView) } },
      'application/zip': { schema: { type: 'string', format: 'binary' } },
    },
  });

@ApiTags('Privacy')
@ApiExtraModels(PersonalDataView, ExportedTable)
@Controller()
export class PersonalDataController {
  constructor(private readonly data: PersonalData) {}

  @Get('me/personal-data')
  @Own()
  @ApiOperation({ summary: 'Export everything that is stored about me' })
  @Exported()
  own(@Caller() { userId }: Principal, @Query() _: PersonalDataQuery, @WantsZip() wantsZip: boolean): Promise<StreamableFile> {
    return this.file(userId, wantsZip ? 'zip' : 'json');
  }

  @Get('users/:id/personal-data')
  @OwnOr(['export_personal_data'])
  @ApiOperation({ summary: 'Export everything that is stored about a user', description: 'Also about a deleted one; not of colleagues.' })
  @Exported()
  ofUser(@PathId() id: string, @Query() _: PersonalDataQuery, @WantsZip() wantsZip: boolean): Promise<StreamableFile> {
    return this.file(id, wantsZip ? 'zip' : 'json');
  }

  private async file(userId: string, format: ExportFormat): Promise<StreamableFile> {
    const bytes = await this.data.export(userId, format);
    if (format === 'json') return new StreamableFile(bytes, { type: 'application/json; charset=utf-8' });
    return new StreamableFile(bytes, { type: 'application/zip', disposition: `attachment; filename="personal-data-${userId}.zip"` });
  }
}
