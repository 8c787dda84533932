import { Controller, Get, type OnModuleInit } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { UnknownElementException } from '@nestjs/core/errors/exceptions/unknown-element.exception.js';
import { ApiExcludeController } from '@nestjs/swagger';
import { Draining } from './draining.js';
import { Problem } from './problem.js';

/** A note for an operator. */
export interface ReadinessNote {
  /** Stable and machine-readable, in kebab-case. */
  readonly code: string;
  /** For people. It must contain no secrets, because it is readable without sign-in. */
  readonly message: string;
  /** A statement that repairs it, to copy and run. */
  readonly statement?: string;
}

/** The result of a check. */
export interface ReadinessReport {
  /** Reasons why the service is not ready. */
  readonly problems: readonly ReadinessNote[];
  /** Other findings; the service is ready. */
  readonly warnings: readonly ReadinessNote[];
}

/** Resolves when the service can do its work, or with what was found; rejects with why the service cannot. */
export type ReadinessCheck = () => Promise<ReadinessReport | void>;

/**
 * A module that needs something before its service is ready provides a `ReadinessCheck` under
 * this token. Without one, a service is ready as soon as it listens.
 */
export const READINESS_CHECK = Symbol('READINESS_CHECK');

/** A check that takes longer fails. */
const checkTimeoutMs = 10_000;

const notReady = { code: 'not-ready', status: 503, title: 'Service is not ready' } as const;

/** The probes of Kubernetes and of the embedded stack. */
@ApiExcludeController()
@Controller()
export class HealthController implements OnModuleInit {
  private checks: readonly ReadinessCheck[] = [];
  /** Why a check could not be resolved. The service is then not ready. */
  private unresolved: Error | undefined;

  constructor(
    private readonly moduleRef: ModuleRef,
    private readonly draining: Draining,
  ) {}

  onModuleInit(): void {
    try {
      this.checks = this.moduleRef.get<ReadinessCheck>(READINESS_CHECK, { strict: false, each: true });
    } catch (error) {
      // A service that provides none is ready as soon as it listens.
      if (error instanceof UnknownElementException) return;
      this.unresolved = error instanceof Error ? error : new Error(String(error));
    }
  }

  /** The process runs and its event loop turns. */
  @Get('livez')
  live(): { readonly status: 'ok' } {
    return { status: 'ok' };
  }

  /** What the service needs is there, and it will not end in a moment: 200 with warnings, or 503 with the reason. */
  @Get('readyz')
  async ready(): Promise<{ readonly status: 'ok'; readonly warnings: readonly ReadinessNote[] }> {
    if (this.draining.hasBegun) throw new Problem(notReady, 'It is shutting down');
    if (this.unresolved !== undefined) {
      throw new Problem(notReady, `A readiness check could not be resolved: ${this.unresolved.message}`, {
        cause: this.unresolved,
      });
    }
    const reports = await Promise.all(this.checks.map(run));
    const problems = reports.flatMap((report) => report.problems);
    const warnings = reports.flatMap((report) => report.warnings);
    if (problems.length > 0) {
      throw new Problem(notReady, problems.map(({ message }) => message).join('; '), {
        extensions: { problems, warnings },
      });
    }
    return { status: 'ok', warnings };
  }
}

/** Never rejects. */
async function run(check: ReadinessCheck): Promise<ReadinessReport> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('A readiness check takes too long')), checkTimeoutMs);
  });
  try {
    return (await Promise.race([check(), late])) ?? { problems: [], warnings: [] };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { problems: [{ code: 'check-failed', message }], warnings: [] };
  } finally {
    clearTimeout(timer);
  }
}
