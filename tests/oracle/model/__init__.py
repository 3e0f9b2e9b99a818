# SPDX-License-Identifier: Apache-2.0
"""A second evaluator of the whole policy language, written from the language's text alone.

It enumerates where an engine would index, so that each sentence of the language can be found again
in one place. `model.judge.answer(documents, question)` is all that its users need.
"""
