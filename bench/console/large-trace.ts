export const largeTraceId = 'c0'.repeat(16);
export const largeSpanCount = 50_000;

const spansPerRequest = 2_500;
const services = ['gateway', 'cart', 'payment', 'stock', 'account', 'catalog', 'mail', 'pricing', 'tax', 'shipping'];
const children = 8;

/**
 * Sends a trace of 50,000 spans of ten services, each with eight children, as OTLP/JSON.
 *
 * @param url of OTLP over HTTP, without a path
 * @throws Error if the store does not accept it
 */
export async function sendLargeTrace(url: string): Promise<void> {
  const startNs = BigInt(Date.now() - 300_000) * 1_000_000n;
  for (let first = 0; first < largeSpanCount; first += spansPerRequest) {
    const numbers = Array.from({ length: spansPerRequest }, (_, n) => first + n);
    const resourceSpans = [...Map.groupBy(numbers, (n) => services[(n * 7) % services.length] ?? '')].map(
      ([service, own]) => ({
        resource: { attributes: [{ key: 'service.name', value: { stringValue: service } }] },
        scopeSpans: [{ spans: own.map((n) => spanOf(n, startNs)) }],
      }),
    );
    const response = await fetch(`${url}/v1/traces`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ resourceSpans }),
    });
    if (!response.ok) throw new Error(`the store did not accept the trace: ${await response.text()}`);
  }
}

function spanOf(n: number, startNs: bigint) {
  const idOf = (number: number): string => (number + 1).toString(16).padStart(16, '0');
  return {
    traceId: largeTraceId,
    spanId: idOf(n),
    parentSpanId: n === 0 ? '' : idOf(Math.floor((n - 1) / children)),
    name: `operation ${n % 40}`,
    kind: 1 + (n % 5),
    startTimeUnixNano: String(startNs + BigInt(n) * 1_000_000n),
    endTimeUnixNano: String(startNs + BigInt(n * children + 1_000 + ((n * 7_919) % 3_000)) * 1_000_000n),
    attributes: [{ key: 'http.route', value: { stringValue: `/things/${n % 9}` } }],
    status: n % 50 === 7 ? { code: 2, message: 'no answer' } : {},
  };
}
