/**
 * The title of a dashboard or a panel as the console shows it: without the number by which Grafana sorts its list, and with a
 * capital letter at the start only. Abbreviations stay as they are.
 */
export function shownTitle(title: string): string {
  return title
    .replace(/^\d{2} /, '')
    .split(' ')
    .map((word, n) => (n > 0 && /^\(?[A-Z][a-z]+\)?$/.test(word) ? word.toLowerCase() : word))
    .join(' ');
}
