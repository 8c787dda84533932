import { HttpModule, HttpService } from '@nestjs/axios';
import { type DynamicModule, Injectable, Module } from '@nestjs/common';
import { z } from 'zod';

const answerSchema = z.object({ char: z.string().min(1) });

/** Asks a character service for a character. */
@Injectable()
export class CharacterClient {
  constructor(private readonly http: HttpService) {}

  /**
   * @param url the service's address
   * @throws Error if the service is away, late, answers with another status than 2xx, or with no character
   */
  async fetch(url: string): Promise<string> {
    const { data } = await this.http.axiosRef.get<unknown>(url);
    const answer = answerSchema.safeParse(data);
    if (!answer.success) throw new Error(`${url} answered without a char`);
    return answer.data.char;
  }
}

@Module({})
export class CharacterClientModule {
  /** @param timeoutMs how long an answer may take, in milliseconds */
  static forRoot(timeoutMs: number): DynamicModule {
    return {
      module: CharacterClientModule,
      // Our own services never redirect and are never behind the proxy that HTTP_PROXY may name.
      imports: [HttpModule.register({ timeout: timeoutMs, maxRedirects: 0, proxy: false })],
      providers: [CharacterClient],
      exports: [CharacterClient],
    };
  }
}
