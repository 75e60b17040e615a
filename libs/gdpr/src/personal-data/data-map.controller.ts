import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { RequirePermission } from '#rbac';
import { DataMapView } from './data-map.dto.js';
import { dataMap, mappedColumnView } from './data-map.js';

@ApiTags('Privacy')
@Controller('gdpr/data-map')
export class DataMapController {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  @Get()
  @RequirePermission('manage_retention')
  @ApiOperation({ summary: 'List every column of the database: what it tells about whom, why, and when it ends' })
  @ApiOkResponse({ type: DataMapView })
  read(): DataMapView {
    return { items: dataMap(this.dataSource.entityMetadatas).map(mappedColumnView) };
  }
}
