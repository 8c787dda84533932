import { HttpModule, HttpService } from '@nestjs/axios';
import { type DynamicModule, Injectable, Module } from '@nestjs/common';
import { z } from 'zod';

const answerSchema = z.object({ char: z.string().min(1) });

/** Requests a character from a character service. */
@Injectable()
export class CharacterClient {
  constructor(private readonly http: HttpService) {}

  /**
   * @param url the service's address
   * @throws Error if the service is unavailable or late, or if its response has another status than 2xx or no character
   */
  async fetch(url: string): Promise<string> {
    const { data } = await this.http.axiosRef.get<unknown>(url);
    const answer = answerSchema.safeParse(data);
    if (!answer.success) throw new Error(`the response of ${url} has no char`);
    return answer.data.char;
  }
}

@Module({})
export class CharacterClientModule {
  /** @param timeoutMs time within which a response must arrive */
  static forRoot(timeoutMs: number): DynamicModule {
    return {
      module: CharacterClientModule,
      // The services never redirect, and are never behind the proxy of HTTP_PROXY.
      imports: [HttpModule.register({ timeout: timeoutMs, maxRedirects: 0, proxy: false })],
      providers: [CharacterClient],
      exports: [CharacterClient],
    };
  }
}
