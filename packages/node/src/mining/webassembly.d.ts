/** What Node has of https://webassembly.github.io/spec/js-api/ and `@types/node` does not declare. */
declare namespace WebAssembly {
  function instantiate(
    bytes: Uint8Array,
  ): Promise<{ readonly instance: { readonly exports: Readonly<Record<string, unknown>> } }>
}
