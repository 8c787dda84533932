/** The artifacts of `skaffold.yaml`, one per app. */
export function skaffoldArtifacts(appNames: readonly string[]): string {
  return appNames
    .map((name) =>
      [
        `- image: spandrel/${name}`,
        `  docker: { dockerfile: docker/Dockerfile, buildArgs: { APP: ${name} } }`,
        "  sync: { manual: [{ src: 'apps/*/src/**', dest: . }] }",
        '',
      ].join('\n'),
    )
    .join('');
}

/** The patches of the profile `development`: each artifact is built up to the stage of that name. */
export function skaffoldTargets(appNames: readonly string[]): string {
  return appNames
    .map((_, index) => `- { op: add, path: /build/artifacts/${index}/docker/target, value: development }\n`)
    .join('');
}
