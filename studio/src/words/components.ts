/** Texts of the shared components. */
export const words = { close: "Close" };
