import { SwaggerModule } from '@nestjs/swagger';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { openApiDocument } from './openapi.js';
import { problemsPage } from './problems-page.js';

/** `/openapi.json`, the page `/docs`, and `/docs/problems` where every code is explained. */
export async function setUpDocs(app: NestFastifyApplication): Promise<void> {
  const document = openApiDocument(app);
  const fastify = app.getHttpAdapter().getInstance();
  fastify.get('/docs/problems', (_request, reply) => void reply.type('text/html; charset=utf-8').send(problemsPage()));
  SwaggerModule.setup('docs', app, document, { jsonDocumentUrl: '/openapi.json', raw: ['json'], customSiteTitle: 'NCY_8 API' });
}
