/** The template that ships with the agent, compiled. */

export interface CompiledTemplate {
  readonly text: string;
  /** What nunjucks makes of the text. */
  readonly code: object;
}

/** build/compiled-template.ts puts it into the bundle. Without one, the template is compiled like any other. */
export const SHIPPED_TEMPLATE: CompiledTemplate | undefined = undefined;
