import { applyDecorators } from '@nestjs/common';
import { ApiExtraModels, ApiOkResponse, ApiProperty, ApiServiceUnavailableResponse, getSchemaPath } from '@nestjs/swagger';
import { OneOf, Text } from '#core';

/** What is looked at: `server`, `database`, `migrations`. */
class IndicatorView {
  @OneOf(['up', 'down']) status!: string;
  @Text(255, { optional: true, example: 'behind: run `npm run migration:run`', description: 'What is wrong.' }) message?: string;
  @ApiProperty({ type: 'string', isArray: true, required: false, example: ['EmailSince1790000000015'], description: 'Migrations to run.' })
  pending?: string[];
}

const UP = { status: 'up' };
const BEHIND = { status: 'down', message: 'behind: run `npm run migration:run`', pending: ['EmailSince1790000000015'] };

const Indicators = (description: string, example: object): PropertyDecorator =>
  ApiProperty({ type: 'object', additionalProperties: { $ref: getSchemaPath(IndicatorView) }, description, example });

/** In terminus' form. */
@ApiExtraModels(IndicatorView)
export class HealthView {
  @OneOf(['ok', 'error', 'shutting_down']) status!: string;
  @Indicators('What is up.', { server: UP, database: UP, migrations: UP }) info!: object;
  @Indicators('What is down.', {}) error!: object;
  @Indicators('All of it.', { server: UP, database: UP, migrations: UP }) details!: object;
}

export class VersionedHealthView extends HealthView {
  @Text(50, { example: '0.1.0', description: 'Of the server.' }) version!: string;
}

/** 200 while all is up, 503 else. */
export const ApiHealth = (type: typeof HealthView, more: object = {}): MethodDecorator =>
  applyDecorators(
    ApiOkResponse({ type, description: 'All is up.' }),
    ApiServiceUnavailableResponse({
      type,
      description: 'Something is down, or the server is stopping.',
      example: {
        ...more,
        status: 'error',
        info: { server: UP, database: UP },
        error: { migrations: BEHIND },
        details: { server: UP, database: UP, migrations: BEHIND },
      },
    }),
  );
