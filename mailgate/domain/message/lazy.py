"""An attribute that is worked out when it is first asked for."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

T = TypeVar("T")


class lazy(Generic[T]):  # noqa: N801  used as a decorator, named like property
    """Like functools.cached_property, but without its lock, which all instances share (until Python 3.12).

    Two threads that ask at once both work it out and come to the same; the later result stays.
    """

    def __init__(self, work: Callable[[Any], T]) -> None:
        self._work = work
        self._name = work.__name__
        self.__doc__ = work.__doc__

    @overload
    def __get__(self, instance: None, owner: type) -> "lazy[T]": ...
    @overload
    def __get__(self, instance: object, owner: type) -> T: ...
    def __get__(self, instance: object | None, owner: type) -> "lazy[T] | T":
        if instance is None:
            return self
        value = self._work(instance)
        # This descriptor has no __set__, so from now on the instance's own attribute is found first.
        instance.__dict__[self._name] = value
        return value
