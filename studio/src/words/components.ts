/** What the parts of all screens say. */
export const words = { close: "Close" };
