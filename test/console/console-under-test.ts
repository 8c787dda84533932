import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { create } from '@bufbuild/protobuf';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { ExportTraceServiceRequestSchema } from '../../apps/tracestore/src/gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.js';
import { encodeProtobuf, sendGrpc } from '@spandrel/testing/otlp-client';
import { type SpanInit, text } from '@spandrel/testing/requests';
import type { RunningTracestore } from '@spandrel/testing/running-tracestore';
import { startChildStack } from '@spandrel/testing/child-stack';
import type { PortName } from '../../stack/ports.ts';
import { launchChromium } from './chromium.js';

const root = path.dirname(path.dirname(import.meta.dirname));

/** Where pictures are kept, to be looked at. */
export const picturesFolder = path.join(root, '.spandrel/console-pictures');

/** Spans that a service sends. */
export interface ServiceSpans {
  readonly service: string;
  readonly spans: readonly SpanInit[];
}

/** A page that keeps what went wrong in it. */
export interface WatchedPage {
  readonly page: Page;
  /** Scripts that failed, what the policy refused, requests to anywhere else. A test may take out what it expects. */
  readonly complaints: string[];
  /** @throws Error when there is a complaint left */
  close(): Promise<void>;
}

/** The console as it is built, on a stack as `npm start` makes it, and a browser. */
export interface ConsoleUnderTest {
  readonly store: RunningTracestore;
  /** The URL with which tracestore connects to its database. */
  readonly databaseUrl: string;
  readonly browser: Browser;
  openPage(options?: BrowserContextOptions): Promise<WatchedPage>;
  send(services: readonly ServiceSpans[]): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts PostgreSQL and tracestore as `npm start` does: built, as processes of their own, with their roles and rights.
 *
 * @param variables of the environment
 */
export async function startConsole(variables: Readonly<Record<string, string>> = {}): Promise<ConsoleUnderTest> {
  mkdirSync(picturesFolder, { recursive: true });
  const stack = await startChildStack({ options: ['--store-only'], environment: variables });
  const addressOf = (port: PortName): string => new URL(stack.url(port)).host;
  const store: RunningTracestore = {
    url: stack.url('tracestore'),
    tracesUrl: `${stack.url('otlpHttp')}/v1/traces`,
    grpcAddress: addressOf('otlpGrpc'),
    jaegerAddress: addressOf('jaegerGrpc'),
    promscaleAddress: '',
    stop: () => stack.stop(),
  };
  const browser = await launchChromium();
  return {
    store,
    databaseUrl: stack.databaseUrl,
    browser,
    async openPage(options = {}) {
      const page = await browser.newPage({ viewport: { width: 1400, height: 900 }, ...options });
      const complaints = complaintsOf(page, store.url);
      return {
        page,
        complaints,
        async close() {
          await page.close();
          if (complaints.length > 0) throw new Error(complaints.join('\n'));
        },
      };
    },
    async send(services) {
      const request = create(ExportTraceServiceRequestSchema, {
        resourceSpans: services.map(({ service, spans }) => ({
          resource: { attributes: [text('service.name', service)] },
          scopeSpans: [{ spans: [...spans] }],
        })),
      });
      await sendGrpc(store.grpcAddress, encodeProtobuf(request));
    },
    async stop() {
      await browser.close();
      await stack.stop();
    },
  };
}

function complaintsOf(page: Page, url: string): string[] {
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => {
    const isOwn = [url, 'data:', 'blob:'].some((start) => request.url().startsWith(start));
    if (!isOwn) complaints.push(request.url());
  });
  return complaints;
}
