"""The world outside: a sample portal that uses the locker as any stranger would. Imports no other room."""
