import { HttpModule, HttpService } from '@nestjs/axios';
import { type DynamicModule, Injectable, Module } from '@nestjs/common';
import { z } from 'zod';

const bodySchema = z.object({ char: z.string().min(1) });

/** Calls a character service. */
@Injectable()
export class CharacterClient {
  constructor(private readonly http: HttpService) {}

  /**
   * @param url the URL of the service
   * @throws Error when the service is unavailable, times out, or responds with a status other than 2xx or without a character
   */
  async fetch(url: string): Promise<string> {
    const { data } = await this.http.axiosRef.get<unknown>(url);
    const body = bodySchema.safeParse(data);
    if (!body.success) throw new Error(`${url} responded without a char`);
    return body.data.char;
  }
}

@Module({})
export class CharacterClientModule {
  /** @param timeoutMs timeout of a call, in ms */
  static forRoot(timeoutMs: number): DynamicModule {
    return {
      module: CharacterClientModule,
      // The services never redirect, and HTTP_PROXY does not apply to them.
      imports: [HttpModule.register({ timeout: timeoutMs, maxRedirects: 0, proxy: false })],
      providers: [CharacterClient],
      exports: [CharacterClient],
    };
  }
}
