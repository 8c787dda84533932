/**
 * The content coding of an answer: the first that the client accepts (RFC 9110, section 12.5.3). Weights other than 0 do not
 * matter, as the server knows best what its codings cost. Takes time linear in the length of the header.
 *
 * @param header the value of `Accept-Encoding`
 * @param offered the codings that the server has, the best first
 * @returns undefined if the answer has to be sent as it is
 */
export function acceptedEncoding<Encoding extends string>(
  header: string | readonly string[] | undefined,
  offered: readonly Encoding[],
): Encoding | undefined {
  const accepted = new Map<string, boolean>();
  for (const item of String(header ?? '').split(',')) {
    const [name = '', ...parameters] = item.split(';').map((part) => part.trim().toLowerCase());
    const isRefused = parameters.some((parameter) => parameter.startsWith('q=') && Number(parameter.slice(2)) === 0);
    accepted.set(name, !isRefused);
  }
  return offered.find((encoding) => accepted.get(encoding) ?? accepted.get('*') ?? false);
}
