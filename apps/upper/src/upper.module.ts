import { Controller, Get, Injectable, Module } from '@nestjs/common';
import { Span } from 'nestjs-otel';
import { trace } from '@opentelemetry/api';

@Injectable()
class S {
  @Span('random_upper') pick() { trace.getActiveSpan()?.setAttribute('char', 'A'); return 'A'; }
  @Span('process_upper') process(c: string) { const s = trace.getActiveSpan(); s?.setAttribute('char', c); s?.addEvent('processing upper char', { char: c }); return c; }
  @Span('render_upper') render(c: string) { trace.getActiveSpan()?.setAttribute('char', c); return { char: c }; }
}
@Controller()
class UpperController {
  constructor(private readonly s: S) {}
  @Get()
  async upper(): Promise<{ char: string }> {
    const c = await this.s.pick();
    await this.s.process(c);
    return await this.s.render(c);
  }
}
@Module({ controllers: [UpperController], providers: [S] })
export class UpperModule {}
