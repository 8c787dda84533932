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

/** Folder of screenshots, for visual inspection. */
export const picturesFolder = path.join(root, '.spandrel/console-pictures');

/** Spans of a service. */
export interface ServiceSpans {
  readonly service: string;
  readonly spans: readonly SpanInit[];
}

/** A page that records errors. */
export interface WatchedPage {
  readonly page: Page;
  /** Script errors, violations of the Content Security Policy, and requests to other hosts. A test removes expected ones. */
  readonly pageErrors: string[];
  /** Closes the page. @throws Error if there were unexpected errors */
  close(): Promise<void>;
}

/** The built console with a stack as in `npm start`, and a browser. */
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
 * Start PostgreSQL and tracestore as `npm start` does: the built programs as separate processes, with their database roles.
 *
 * @param variables environment variables of tracestore
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
    tempoAddress: addressOf('tempo'),
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
      const pageErrors = recordErrors(page, store.url);
      return {
        page,
        pageErrors,
        async close() {
          await page.close();
          if (pageErrors.length > 0) throw new Error(pageErrors.join('\n'));
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

function recordErrors(page: Page, url: string): string[] {
  const pageErrors: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') pageErrors.push(message.text());
  });
  page.on('pageerror', (error) => pageErrors.push(error.message));
  page.on('request', (request) => {
    const isOwn = [url, 'data:', 'blob:'].some((start) => request.url().startsWith(start));
    if (!isOwn) pageErrors.push(request.url());
  });
  return pageErrors;
}
