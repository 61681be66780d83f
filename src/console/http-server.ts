import { fastify, type FastifyInstance } from 'fastify';

import { DogwatchError } from '../runtime/errors.ts';
import type { Component } from '../runtime/lifecycle.ts';
import type { Metrics } from '../runtime/metrics.ts';
import type { CollectorStatus } from './status.ts';

export interface HttpServerOptions {
  readonly address: string;
  /** 0 lets the kernel choose. */
  readonly port: number;
}

/** Whom the server asks. */
export interface StatusSource {
  status(): Promise<CollectorStatus>;
  /** Brings what the metrics read up to date. */
  refresh(): Promise<void>;
}

/**
 * The one HTTP port: `/metrics` for Prometheus, `/healthz` (the process answers), `/readyz` (it receives and stores;
 * 503 with the reasons otherwise) and `/api/status`.
 */
export class HttpServer implements Component {
  readonly name = 'http';
  readonly #options: HttpServerOptions;
  readonly #server: FastifyInstance;

  constructor(options: HttpServerOptions, metrics: Metrics, source: StatusSource) {
    this.#options = options;
    this.#server = fastify({ logger: false, forceCloseConnections: true });
    this.#server.get('/healthz', () => ({ status: 'ok' }));
    this.#server.get('/readyz', async (_request, reply) => {
      const { ready, reasons } = await source.status();
      return reply.code(ready ? 200 : 503).send({ status: ready ? 'ready' : 'not ready', reasons });
    });
    this.#server.get('/api/status', async () => source.status());
    this.#server.get('/metrics', async (_request, reply) => {
      await source.refresh();
      const { contentType, body } = await metrics.exposition();
      return reply.type(contentType).send(body);
    });
  }

  /** @throws DogwatchError `LISTEN_FAILED` */
  async start(): Promise<void> {
    const { address, port } = this.#options;
    try {
      await this.#server.listen({ host: address, port });
    } catch (cause) {
      throw new DogwatchError('LISTEN_FAILED', `cannot serve HTTP on ${address} port ${port}`, {
        cause,
        remedy: 'choose another port with the setting `http.port`',
      });
    }
  }

  async stop(): Promise<void> {
    await this.#server.close();
  }

  /** Where it answers, once started. */
  url(): string | undefined {
    const bound = this.#server.addresses()[0];
    if (bound === undefined || typeof bound === 'string') return undefined;
    return `http://${bound.family === 'IPv6' ? `[${bound.address}]` : bound.address}:${bound.port}`;
  }
}
