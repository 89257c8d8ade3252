// The hand-written ES modules that the widgets of swarmprov_nb load too.

declare module '*/widgets/lineage.js' {
  export function draw(el: HTMLElement, document: unknown, options?: object): { dispose(): void };
}

declare module '*/widgets/publish.js' {
  export function render(view: { model: unknown; el: HTMLElement }): () => void;
}

declare module '*/widgets/verify.js' {
  export function render(view: { model: unknown; el: HTMLElement }): () => void;
}

declare module '*/widgets/elements.js' {
  type Attributes = { [name: string]: unknown };
  export function element<K extends keyof HTMLElementTagNameMap>(
    tag: K,
    attributes?: Attributes,
    ...children: (string | Node)[]
  ): HTMLElementTagNameMap[K];
  export function button(text: string, press: () => void, options?: Attributes): HTMLButtonElement;
  export function glyph(kind: string): SVGSVGElement;
  export function put<T extends HTMLElement>(node: T, text: unknown): T;
  export function putName<T extends HTMLElement>(node: T, text: unknown): T;
  export function keepKeys<T extends HTMLElement>(node: T): T;
  export function shown(node: HTMLElement, whether: unknown): void;
}
