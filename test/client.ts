import type { InjectOptions } from 'fastify';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { Answer } from './answer.js';
import { expectDocumented } from './documented-answers.js';

export type { Answer };

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
export type Headers = Record<string, string>;

const OUTSIDE = /^\/(api\/|health|docs|openapi\.json|metrics|\.well-known)/;

/** Sends requests to one running app. Paths are those below /api/v1, but for what lies outside it. */
export class Client {
  constructor(
    readonly app: NestFastifyApplication,
    public token?: string,
  ) {}

  get(path: string, headers?: Headers): Promise<Answer> {
    return this.send('GET', path, undefined, headers);
  }

  post(path: string, body?: unknown, headers?: Headers): Promise<Answer> {
    return this.send('POST', path, body, headers);
  }

  put(path: string, body?: unknown, headers?: Headers): Promise<Answer> {
    return this.send('PUT', path, body, headers);
  }

  patch(path: string, body?: unknown, headers?: Headers): Promise<Answer> {
    return this.send('PATCH', path, body, headers);
  }

  delete(path: string, headers?: Headers): Promise<Answer> {
    return this.send('DELETE', path, undefined, headers);
  }

  /** @param body an object is sent as JSON, a text or a buffer as it is */
  async send(method: Method, path: string, body?: unknown, headers: Headers = {}): Promise<Answer> {
    const isRaw = typeof body === 'string' || Buffer.isBuffer(body);
    const url = OUTSIDE.test(path) ? path : `/api/v1${path}`;
    const answer = await this.app.inject({
      method,
      url,
      ...(body === undefined ? {} : { payload: isRaw ? body : JSON.stringify(body) }),
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(this.token ? { authorization: `Bearer ${this.token}` } : {}),
        ...headers,
      },
    } as InjectOptions);
    const isJson = /[/+]json/.test(String(answer.headers['content-type'])) && answer.payload !== '';
    const received = {
      status: answer.statusCode,
      body: isJson ? JSON.parse(answer.payload) : answer.payload,
      headers: answer.headers as Answer['headers'],
    };
    await expectDocumented(this.app, { method, url, answer: received });
    return received;
  }
}
