import { Injectable } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { InjectMetric, makeGaugeProvider, makeHistogramProvider } from '@willsoto/nestjs-prometheus';
import type { FastifyInstance } from 'fastify';
import { Gauge, Histogram } from 'prom-client';
import { routeOf } from '../http.js';
import { VERSION } from '../version.js';

/** Durations by the template of the route: no ids in labels. */
@Injectable()
export class HttpMetrics implements OnModuleInit {
  constructor(
    private readonly host: HttpAdapterHost,
    @InjectMetric('http_request_duration_seconds') private readonly duration: Histogram,
    @InjectMetric('ncy8_build_info') private readonly build: Gauge,
  ) {}

  onModuleInit(): void {
    this.build.set({ version: VERSION, node: process.version }, 1);
    this.host.httpAdapter.getInstance<FastifyInstance>().addHook('onResponse', (request, reply, done) => {
      this.duration.observe(
        { method: request.method, route: routeOf(request), status: String(reply.statusCode) },
        reply.elapsedTime / 1000,
      );
      done();
    });
  }
}

export const httpMetrics = [
  HttpMetrics,
  makeHistogramProvider({
    name: 'http_request_duration_seconds',
    help: 'Duration of HTTP requests by route template',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.002, 0.005, 0.01, 0.03, 0.1, 0.3, 1, 3],
  }),
  makeGaugeProvider({ name: 'ncy8_build_info', help: 'What runs: always 1', labelNames: ['version', 'node'] }),
];
