/** What a benchmark found: figures by name, each with its unit in the name. */
export type Figures = Readonly<Record<string, number>>;
