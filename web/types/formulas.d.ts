// Made by make_formulas.mjs: MathML of every formula, by its LaTeX.
declare const formulas: Record<string, string>;
export default formulas;
