import { describe, expect, it } from "vitest";

import { isPale, shadeOf } from "./color.ts";
import { garmentOf } from "./garment.ts";

describe("garmentOf", () => {
  it.each([
    ["Northmere Relaxed Oxford Shirt", "Shirts", "shirt"],
    ["Saltmarsh Shirt Dress", "Dresses", "dress"],
    ["Heavy T-Shirt", "T-Shirts", "tee"],
    ["Merino Roll Neck", "Knitwear", "knit"],
    ["Denim Jacket", "Jackets", "jacket"],
    ["Rain Parka", "Coats", "coat"],
    ["Slim Jeans", "Jeans", "trousers"],
    ["Chelsea Boots", "Shoes", "boots"],
    ["Leather Sneakers", "Shoes", "shoes"],
    ["Lambswool Scarf", "Accessories", "scarf"],
    ["Leather Belt", "Accessories", "belt"],
    ["Ocean Blue", "Shirts", "shirt"],
    ["Loopback Hoodie", "Sweatshirts", "hoodie"],
    ["A thing", "Things", "bag"],
  ])("%s of %s is a %s", (title, category, garment) => {
    expect(garmentOf(title, category)).toBe(garment);
  });
});

describe("shadeOf", () => {
  it("finds the colour in a name of several words", () => {
    expect(shadeOf("Grey Melange")).toBe(shadeOf("grey"));
    expect(shadeOf("Sky Blue")).not.toBe(shadeOf("Blue"));
    expect(shadeOf("Forest Green")).not.toBe(shadeOf("Green"));
  });

  it("gives unknown names one shade each", () => {
    expect(shadeOf("Zaffre")).toBe(shadeOf("zaffre"));
    expect(shadeOf("Zaffre")).not.toBe(shadeOf("Glaucous"));
    expect(shadeOf(null)).toMatch(/^hsl/);
  });

  it("tells pale from dark", () => {
    expect(isPale(shadeOf("White"))).toBe(true);
    expect(isPale(shadeOf("Navy"))).toBe(false);
  });
});
