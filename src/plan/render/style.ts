// What a piece of output is, so that a terminal can show each in its own colour.

/** What a piece of output is; a terminal shows each in its own colour. */
export type Style = "heading" | "come" | "go" | "become" | "held" | "warning" | "quiet";

/** Colours a text that is safe already, or leaves it as it is. */
export type Paint = (style: Style, text: string) => string;
